"""The desk that moves by itself: events to every open screen."""
