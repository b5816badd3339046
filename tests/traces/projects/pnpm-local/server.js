require("clock");
