<?php

declare(strict_types=1);

require __DIR__ . '/lib/badge.php';

$path = trim((string) parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH), '/');
$parts = array_map('rawurldecode', explode('/', $path));

if (count($parts) === 3 && $parts[0] === 'badge') {
    header('Content-Type: image/png');
    imagepng(draw_badge($parts[1], $parts[2]));
    exit;
}

if ($path === '') {
    header('Content-Type: text/plain; charset=utf-8');
    echo "Try /badge/build/passing\n";
    exit;
}

http_response_code(404);
echo "Not found\n";
