import Config

config :api, port: 4000

import_config "#{config_env()}.exs"
