<?php

declare(strict_types=1);

/** A two-coloured label: what it is about on the left, its state on the right. */
function draw_badge(string $subject, string $state): GdImage
{
    $font = 3;
    $padding = 6;
    $left = imagefontwidth($font) * strlen($subject) + 2 * $padding;
    $right = imagefontwidth($font) * strlen($state) + 2 * $padding;
    $height = imagefontheight($font) + 2 * 4;

    $image = imagecreatetruecolor($left + $right, $height);
    $grey = imagecolorallocate($image, 80, 80, 80);
    $colour = $state === 'passing'
        ? imagecolorallocate($image, 60, 150, 60)
        : imagecolorallocate($image, 190, 60, 50);
    $white = imagecolorallocate($image, 255, 255, 255);

    imagefilledrectangle($image, 0, 0, $left - 1, $height, $grey);
    imagefilledrectangle($image, $left, 0, $left + $right, $height, $colour);
    imagestring($image, $font, $padding, 4, $subject, $white);
    imagestring($image, $font, $left + $padding, 4, $state, $white);

    return $image;
}
