"""Result types, a module a resource group."""
