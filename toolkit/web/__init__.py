"""The webinar portal: a Django app; `toolkit.web.server.setup` comes before every other import from here."""
