using IsoCatalog.Appliance.Configuration.Yaml;

namespace IsoCatalog.Appliance.Configuration;

/// <summary>What to tell who wrote a key that its section does not have.</summary>
internal static class UnknownKeys
{
    public static string Explain(string key, string section)
    {
        var shown = Quote.Of(key);
        if (key == "<<")
        {
            return "'<<' would merge another section in; this file has no anchors. Write the keys out.";
        }

        if (SurfaceKinds.All.Contains(section)
            && SurfaceKinds.All.FirstOrDefault(kind => KnownKeys.BySection[kind].Contains(key)) is { } kind)
        {
            return $"{shown} belongs to a surface of kind {kind}, not {section}. Remove it here.";
        }

        if (key is "password" or "token" or "secret")
        {
            return $"{shown} is not a key: secrets are not written into this file. {(section == "engine"
                ? "Put the password into a file and name it as passwordFile."
                : "Write the token's hash as sha256.")}";
        }

        var known = KnownKeys.BySection[section];
        if (Suggestion.For(key, known) is { } meant)
        {
            return $"{shown} is not a key here. Did you mean {meant}?";
        }

        var elsewhere = KnownKeys.BySection.Where(other => other.Value.Contains(key)).Select(other => other.Key).Order(StringComparer.Ordinal)
            .FirstOrDefault();
        return $"{shown} is not a key here; the keys are {string.Join(", ", known)}."
            + elsewhere switch
            {
                null => "",
                KnownKeys.Root => $" {key} is a key of the file's top level: look at the indentation.",
                _ => $" {key} is a key of {elsewhere}.",
            };
    }
}
