"""Pure: what a request asks, how FCM would answer it, what each phone has got."""
