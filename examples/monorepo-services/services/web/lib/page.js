const { readFile } = require("node:fs/promises");
const path = require("node:path");
const Mustache = require("mustache");

const templatePath = path.join(__dirname, "..", "public", "orders.mustache");

async function renderOrders(orders) {
  const template = await readFile(templatePath, "utf8");
  return Mustache.render(template, { orders, empty: orders.length === 0 });
}

module.exports = { renderOrders };
