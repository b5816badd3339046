FrOm alpine
run true
CoPy a b
EnTrYpOiNt ["x"]
