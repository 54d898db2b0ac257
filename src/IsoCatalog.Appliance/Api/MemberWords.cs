using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Appliance.Api;

/// <summary>What a member must be, for people.</summary>
internal static class MemberWords
{
    public static string Of(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        var t when t == typeof(string) => "a text",
        var t when t == typeof(bool) => "true or false",
        var t when t == typeof(int) => "a whole number",
        var t when t == typeof(DateOnly) => "a date such as 2030-12-31",
        var t when t == typeof(DateTimeOffset) => "a time such as 2030-12-31T13:00:00Z",
        var t when t == typeof(ImageId) => "the id of an image: sha256: and 64 hexadecimal digits",
        var t when t == typeof(Sha256Digest) => "64 hexadecimal digits",
        _ => "something else",
    };
}
