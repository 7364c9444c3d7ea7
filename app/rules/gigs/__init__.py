"""零工配产: the rule book of orders, shifts, offers, time sheets, settlements, standing and the law of hours. Pure."""
