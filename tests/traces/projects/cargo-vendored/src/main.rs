mod routes;
fn main() { routes::serve(); }
