using System.Runtime.CompilerServices;

// The ways to hash several messages at once are compared with the platform's one by one.
[assembly: InternalsVisibleTo("IsoCatalog.Tests")]
