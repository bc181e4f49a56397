"""Messages: events from the portal, announcements to it, requests between functions."""
