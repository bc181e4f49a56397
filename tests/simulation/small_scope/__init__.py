"""Small scope, exhaustively: two enrollments, two requirements, three deliveries, one crash, all interleavings."""
