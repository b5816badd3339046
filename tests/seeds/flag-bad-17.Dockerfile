FROM a
CMD --not=allowed x
