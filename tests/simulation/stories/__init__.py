"""Stories: what a portal, its people, its operators and mishaps do in a few days; a seed determines one."""
