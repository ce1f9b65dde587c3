"""The MCP server `cutout mcp`: a service's operations as tools."""
