defmodule Api do
end
