const http = require("node:http");
const { renderOrders } = require("./lib/page");

const apiUrl = process.env.API_URL ?? "http://localhost:8080";

const server = http.createServer(async (request, response) => {
  if (request.url !== "/") {
    response.writeHead(404).end("not found\n");
    return;
  }
  try {
    const answer = await fetch(`${apiUrl}/orders/`);
    const { orders } = await answer.json();
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    response.end(await renderOrders(orders));
  } catch (error) {
    console.error(error);
    response.writeHead(502).end("the API does not answer\n");
  }
});

server.listen(3000, () => console.log("listening on 3000"));
