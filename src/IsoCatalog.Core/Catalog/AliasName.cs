namespace IsoCatalog.Core.Catalog;

/// <summary>Which names people may give to an alias: fewer than the format allows, so that no other way to name an image can ever mean one. Pure.</summary>
public static class AliasName
{
    internal const string Form = "1 to 64 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit";

    private const string Extension = ".iso";

    /// <summary>Why the name is not to be had, in words; null when it is.</summary>
    public static string? Objection(string? name) =>
        !RegisterKey.IsAliasName(name) ? $"That is not a name for an alias: {Form}."
        : name!.EndsWith(Extension, StringComparison.Ordinal)
            ? $"'{name}' ends with {Extension}, as the files of images do, and a file name never moves to other bytes. Name the alias otherwise, such as {name[..^Extension.Length]}-latest."
        : name.All(char.IsAsciiHexDigit)
            ? $"'{name}' could be the beginning of an image's id: it has hexadecimal digits only. Name the alias otherwise, such as {name}-latest."
        : null;
}
