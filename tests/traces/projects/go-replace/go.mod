module example.com/bookings

go 1.19

require (
	example.com/bookings/errors v0.0.0
	example.com/bookings/sdk v0.0.0
)

replace (
	example.com/bookings/errors => ./errors
	example.com/bookings/sdk => ./sdk/go
)
