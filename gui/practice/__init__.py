"""The built-in football game: rules, drawing, coach, real window and headless devices."""
