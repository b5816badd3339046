FR\
OM alp\
ine:3 A\
S one
RU\
# inside

N true
E\
NV a\
=b
