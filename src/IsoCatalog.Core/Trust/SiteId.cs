using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace IsoCatalog.Core.Trust;

/// <summary>The id of a site in the trust document: <c>[a-z0-9][a-z0-9-]{0,30}</c>, safe as a file name and in a URL.</summary>
public static partial class SiteId
{
    public const string Rule = "1 to 31 of a-z, 0-9 and '-', not beginning with '-'";

    public static bool IsValid([NotNullWhen(true)] string? id) => id is not null && Pattern().IsMatch(id);

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{0,30}\z", RegexOptions.None, 1000)]
    private static partial Regex Pattern();
}
