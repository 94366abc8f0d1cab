"""`libero_mini`: a LIBERO benchmark of ten tasks whose assets come with this package."""
