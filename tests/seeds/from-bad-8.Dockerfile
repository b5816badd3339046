FROM --platform=x
