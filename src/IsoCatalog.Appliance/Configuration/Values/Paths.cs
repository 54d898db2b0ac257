using IsoCatalog.Appliance.Configuration.Yaml;

namespace IsoCatalog.Appliance.Configuration.Values;

/// <summary>Readers of file paths. Only the text is looked at; what is on the disk is <see cref="HostCheck"/>'s business.</summary>
internal static class Paths
{
    /// <summary>Absolute, or relative to <paramref name="folder"/>; given back absolute, without <c>..</c> and without a slash at its end.</summary>
    public static ValueReader<string> From(string folder) => (scalar, out value) =>
    {
        if (Words.Text(scalar, out value) is { } wrong)
        {
            return wrong;
        }

        if (value.StartsWith('~') || value.Contains("$(", StringComparison.Ordinal) || value.StartsWith('$'))
        {
            return $"{Quote.Of(value)}: '~' and '$' are not replaced here. Write the path out.";
        }

        value = Path.TrimEndingDirectorySeparator(Path.GetFullPath(value, folder));
        return null;
    };

    /// <summary>Absolute for whoever reads it, on whatever machine that is.</summary>
    public static string? OfAnotherMachine(Node.Scalar scalar, out string value) => Words.Text(scalar, out value)
        ?? (value[0] == '/' ? null : $"{Quote.Of(value)} must begin with '/': it is the folder as its reader sees it.");

    /// <summary>Are they the same, or is one inside the other?</summary>
    public static bool Overlap(string a, string b) => IsWithin(a, b) || IsWithin(b, a);

    public static bool IsWithin(string inner, string outer) =>
        inner == outer || inner.StartsWith(outer.EndsWith('/') ? outer : outer + "/", StringComparison.Ordinal);
}
