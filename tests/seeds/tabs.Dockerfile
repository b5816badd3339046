	FROM	alpine	AS	x
	RUN		echo	a
 	 ENV	a=b		c=d	
COPY	--link	a	b
RUN x	\	
	y
