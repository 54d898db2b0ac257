using System.Net;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Appliance.Configuration;

/// <summary>A bearer token of the API. Only its hash is here.</summary>
/// <param name="Place">Where it stands in the file, such as <c>tokens[0]</c>.</param>
/// <param name="Name">Who uses it; appears in the log and in the audit trail.</param>
/// <param name="Role">What it opens.</param>
/// <param name="Sha256">SHA-256 of the token's characters, without a line end.</param>
/// <param name="Allow">Where it may be used from; empty means anywhere.</param>
public sealed record TokenConfiguration(string Place, string Name, Role Role, Sha256Digest Sha256, IReadOnlyList<IPNetwork> Allow);
