"""菜单式培训: menus, demand, classes, enrolment, attendance, certificates, declarations, competitions. Pure."""
