import Config

config :relay, port: 4000
import_config "#{config_env()}.exs"
