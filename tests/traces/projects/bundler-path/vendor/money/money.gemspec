# frozen_string_literal: true

Gem::Specification.new do |spec|
  spec.name = "money"
  spec.version = "0.1.0"
  spec.summary = "Amounts"
  spec.authors = ["Shop"]
  spec.files = ["lib/money.rb"]
end
