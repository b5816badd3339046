module example.com/bookings/errors

go 1.19
