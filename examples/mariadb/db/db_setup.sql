CREATE TABLE IF NOT EXISTS book (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    title VARCHAR(200) NOT NULL,
    author VARCHAR(120) NOT NULL,
    shelf CHAR(4) NOT NULL,
    INDEX by_author (author)
);

CREATE TABLE IF NOT EXISTS loan (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    book_id INT UNSIGNED NOT NULL,
    reader VARCHAR(120) NOT NULL,
    due DATE NOT NULL,
    returned DATE,
    FOREIGN KEY (book_id) REFERENCES book (id)
);

INSERT INTO book (title, author, shelf) VALUES
    ('Notes from a Lighthouse', 'M. Okafor', 'A-12'),
    ('The Slow Compiler', 'J. Lindqvist', 'C-03'),
    ('Bread in Winter', 'R. Alvarez', 'F-41');
