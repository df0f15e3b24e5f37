"""Our own stand-in for FCM on this machine, with the demo phones it delivers to. Nothing here reaches a real phone."""
