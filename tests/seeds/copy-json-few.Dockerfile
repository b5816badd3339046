FROM a
ADD ["x"]
