FROM a
CMD ["sleep", 5]
