package main

import _ "example.com/bookings/sdk"

func main() {}
