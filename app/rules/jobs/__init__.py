"""The rule book of 宝盖职聘: terms, posting rules, vacancies, applications. Pure."""
