defmodule Relay do
  def hello, do: Money.zero()
end
