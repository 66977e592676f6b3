"""Parts of the page that practice matches are played on."""
