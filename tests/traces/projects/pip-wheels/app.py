import shop_rules
