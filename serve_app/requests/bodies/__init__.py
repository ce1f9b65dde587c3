"""Request -> its fields by name, from the query and from a body of JSON, multipart or a form; bounded while read."""
