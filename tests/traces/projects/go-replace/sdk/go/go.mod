module example.com/bookings/sdk

go 1.18
