using System.Net;
using IsoCatalog.Appliance.Configuration;

namespace IsoCatalog.Appliance.Access;

/// <summary>Who makes the request, once it was let in.</summary>
/// <param name="Name">A token's name, <c>socket</c> or <c>loopback</c>; <c>anyone</c> where no token is needed and none was checked.</param>
/// <param name="Role">Null for <c>anyone</c>.</param>
/// <param name="Address">The client's, behind a trusted proxy as that one said; null on the socket.</param>
public sealed record Caller(string Name, Role? Role, IPAddress? Address)
{
    /// <summary>May the caller do what <paramref name="needed"/> may?</summary>
    public bool Is(Role needed) => Role >= needed;
}
