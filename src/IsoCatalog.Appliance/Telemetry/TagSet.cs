using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace IsoCatalog.Appliance.Telemetry;

/// <summary>The tags of one series, in any order. Looking one up by the tags of a measurement allocates nothing.</summary>
internal sealed class TagSet(KeyValuePair<string, object?>[] tags)
{
    private const int MaxTags = 16;
    private const int MaxValueLength = 256;

    /// <summary>Sorted by name, so that one series has one text whatever the order of its tags. A name that comes twice keeps its first value.</summary>
    public string Labels() => string.Join(',', tags
        .Take(MaxTags)
        .Select(tag => (Name: PrometheusName.OfLabel(tag.Key), tag.Value))
        .Where(label => label.Name is not "le")
        .DistinctBy(label => label.Name)
        .OrderBy(label => label.Name, StringComparer.Ordinal)
        .Select(label => PrometheusText.Label(label.Name, ValueOf(label.Value))));

    private static string ValueOf(object? value)
    {
        var text = value switch
        {
            null => "",
            bool yes => yes ? "true" : "false",
            _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
        };
        return text.Length <= MaxValueLength ? text : text[..MaxValueLength];
    }

    internal sealed class Comparer : IEqualityComparer<TagSet>, IAlternateEqualityComparer<ReadOnlySpan<KeyValuePair<string, object?>>, TagSet>
    {
        public bool Equals(TagSet? x, TagSet? y) => ReferenceEquals(x, y) || (x is not null && y is not null && Equals(x.Span, y));

        public int GetHashCode([DisallowNull] TagSet obj) => GetHashCode(obj.Span);

        public TagSet Create(ReadOnlySpan<KeyValuePair<string, object?>> alternate) => new(alternate.ToArray());

        public bool Equals(ReadOnlySpan<KeyValuePair<string, object?>> alternate, TagSet other)
        {
            var others = other.Span;
            if (alternate.Length != others.Length)
            {
                return false;
            }

            for (var i = 0; i < alternate.Length; i++)
            {
                // The same order is the rule; another is looked for only when it fails.
                if (!Same(alternate[i], others[i]) && (!ContainsOnce(others, alternate[i]) || !ContainsOnce(alternate, alternate[i])))
                {
                    return false;
                }
            }

            return true;
        }

        public int GetHashCode(ReadOnlySpan<KeyValuePair<string, object?>> alternate)
        {
            var hash = alternate.Length;
            foreach (var tag in alternate)
            {
                hash += HashCode.Combine(tag.Key, tag.Value);
            }

            return hash;
        }

        private static bool ContainsOnce(ReadOnlySpan<KeyValuePair<string, object?>> tags, KeyValuePair<string, object?> wanted)
        {
            var times = 0;
            foreach (var tag in tags)
            {
                times += Same(tag, wanted) ? 1 : 0;
            }

            return times == 1;
        }

        private static bool Same(KeyValuePair<string, object?> one, KeyValuePair<string, object?> other) =>
            one.Key == other.Key && Equals(one.Value, other.Value);
    }

    private ReadOnlySpan<KeyValuePair<string, object?>> Span => tags;
}
