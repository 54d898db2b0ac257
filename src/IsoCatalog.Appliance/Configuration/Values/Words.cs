using System.Text.RegularExpressions;
using IsoCatalog.Appliance.Configuration.Yaml;

namespace IsoCatalog.Appliance.Configuration.Values;

/// <summary>Readers of names, choices and other words.</summary>
internal static partial class Words
{
    [GeneratedRegex(@"\A[a-z][a-z0-9-]{0,30}\z", RegexOptions.None, 1000)]
    private static partial Regex SiteIdForm();

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{0,30}\z", RegexOptions.None, 1000)]
    private static partial Regex NameForm();

    /// <summary>Text that is text in YAML, not empty, at most 1,024 characters, without control characters.</summary>
    public static string? Text(Node.Scalar scalar, out string value)
    {
        value = scalar.Text;
        return scalar switch
        {
            { Kind: not ScalarKind.Text } => $"{Quote.Of(scalar.Text)} is {scalar.Noun} in YAML, and text is needed here. Put it in"
                + " quotes.",
            { Text: "" } => "This is empty. Write a value, or remove the key.",
            { Text.Length: > 1024 } => "This is longer than 1024 characters.",
            _ when scalar.Text.Any(char.IsControl) => "There is a control character or a line end in this value. Write it on one line.",
            _ => null,
        };
    }

    public static string? SiteId(Node.Scalar scalar, out string value) => Text(scalar, out value)
        ?? (SiteIdForm().IsMatch(value) ? null
            : $"{Quote.Of(value)} is not a site id: a lowercase letter, then up to 30 lowercase letters, digits or '-'.");

    public static string? Name(Node.Scalar scalar, out string value) => Text(scalar, out value)
        ?? (NameForm().IsMatch(value) ? null
            : $"{Quote.Of(value)} is not a name: up to 31 lowercase letters, digits or '-', not beginning with '-'.");

    public static string? YesOrNo(Node.Scalar scalar, out bool value)
    {
        value = scalar.Text is "true" or "True" or "TRUE";
        return scalar.Kind == ScalarKind.Boolean ? null : $"{Quote.Of(scalar.Text)} is neither true nor false. Write one of the two,"
            + " without quotes.";
    }

    /// <summary>One of a few words.</summary>
    public static ValueReader<T> Choice<T>(params (string Word, T Value)[] choices) => (scalar, out value) =>
    {
        foreach (var choice in choices)
        {
            if (scalar.Kind == ScalarKind.Text && choice.Word == scalar.Text)
            {
                value = choice.Value;
                return null;
            }
        }

        value = default!;
        var meant = Suggestion.For(scalar.Text, choices.Select(choice => choice.Word));
        return $"{Quote.Of(scalar.Text)} is not one of {string.Join(", ", choices.Select(choice => choice.Word))}."
            + (meant is null ? "" : $" Did you mean {meant}?");
    };

    public static string? Uuid(Node.Scalar scalar, out Guid value)
    {
        value = default;
        return Text(scalar, out var text)
            ?? (Guid.TryParseExact(text, "D", out value) ? null
                : $"{Quote.Of(text)} is not an id: write it as oVirt shows it, 8-4-4-4-12 hexadecimal digits.");
    }

    public static string? HttpsUrl(Node.Scalar scalar, out Uri value)
    {
        value = null!;
        if (Text(scalar, out var text) is { } wrong)
        {
            return wrong;
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttps || url.Host.Length == 0)
        {
            return $"{Quote.Of(text)} is not an https URL. Write https://host/path.";
        }

        value = url;
        return url.UserInfo.Length > 0 || url.Query.Length > 0 || url.Fragment.Length > 0
            ? "The URL must have no user, query or fragment. Give the user by its own key."
            : null;
    }

    /// <summary>A name by which somebody else opens the image: holds <c>{fileName}</c> once and no other braces.</summary>
    public static string? Template(Node.Scalar scalar, out string value)
    {
        if (Text(scalar, out value) is { } wrong)
        {
            return wrong;
        }

        var rest = value.Replace("{fileName}", "", StringComparison.Ordinal);
        if (rest.Contains('{') || rest.Contains('}'))
        {
            return "{fileName} is the only placeholder there is. Remove the other braces.";
        }

        return value.Length - rest.Length == "{fileName}".Length
            ? null
            : $"{{fileName}} must be in it once, where the image's name goes: for example"
                + $" {Quote.Short(rest.TrimEnd('/', '\\'))}/{{fileName}}.";
    }
}
