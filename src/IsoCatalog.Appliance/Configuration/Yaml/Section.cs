namespace IsoCatalog.Appliance.Configuration.Yaml;

/// <summary>Turns a scalar into a value.</summary>
/// <returns>Null, or what is wrong and what to do.</returns>
internal delegate string? ValueReader<T>(Node.Scalar scalar, out T value);

/// <summary>One mapping of the file being read. Every key that is not known is reported when the section is opened; every value that
/// does not fit is reported when it is read, and the fallback given instead, so that reading goes on.</summary>
internal sealed class Section
{
    private readonly Dictionary<string, Node> _values = new(StringComparer.Ordinal);
    private readonly string[] _keys;

    private Section(Node.Mapping node, string path, string name, Problems problems)
    {
        _keys = KnownKeys.BySection[name];
        Path = path;
        Problems = problems;
        Self = node;
        foreach (var entry in node.Entries)
        {
            if (Array.IndexOf(_keys, entry.Key) < 0)
            {
                problems.Add(entry.Line, entry.Column, PathOf(Quote.Short(entry.Key)), UnknownKeys.Explain(entry.Key, name));
                continue;
            }

            _values.Add(entry.Key, entry.Value);
            problems.Place(PathOf(entry.Key), entry.Line, entry.Column);
        }
    }

    public string Path { get; }

    public Problems Problems { get; }

    public Node.Mapping Self { get; }

    /// <returns>Null, with the problem reported, if the node is no mapping.</returns>
    public static Section? Open(Node node, string path, string name, Problems problems)
    {
        switch (node)
        {
            case Node.Mapping mapping:
                return new Section(mapping, path, name, problems);
            case Node.Broken:
                return null;
            case Node.Scalar { Kind: ScalarKind.Null }:
                problems.Add(node, path, "There is nothing here. Write its keys, or remove it and have the defaults.");
                return null;
            default:
                problems.Add(node, path, $"This must be a section of keys and values ({string.Join(", ", KnownKeys.BySection[name])}),"
                    + $" not {node.Noun}.");
                return null;
        }
    }

    public string PathOf(string key) => Path.Length == 0 ? key : $"{Path}.{key}";

    public bool Has(string key) => Find(key) is not null;

    /// <summary>The value, or <paramref name="fallback"/> when the key is absent or its value is wrong.</summary>
    public T Get<T>(string key, ValueReader<T> reader, T fallback) =>
        Find(key) is { } node && Read(node, PathOf(key), reader, out var value) ? value : fallback;

    /// <summary>As <see cref="Get{T}"/>, and the key must be there.</summary>
    public T Require<T>(string key, ValueReader<T> reader, T fallback, string whatItIs)
    {
        if (!Has(key))
        {
            Problems.Add(Self, PathOf(key), $"{key} is missing: {whatItIs}.");
            return fallback;
        }

        return Get(key, reader, fallback);
    }

    public Section? Child(string key, string name) => Find(key) is { } node ? Open(node, PathOf(key), name, Problems) : null;

    /// <summary>The mapping must be there.</summary>
    public Section? RequireChild(string key, string name, string whatItIs)
    {
        if (!Has(key))
        {
            Problems.Add(Self, PathOf(key), $"{key} is missing: {whatItIs}.");
        }

        return Child(key, name);
    }

    /// <summary>The nodes of a list; none when the key is absent or holds no list.</summary>
    public IEnumerable<(Node Node, string Path)> Items(string key, int most)
    {
        var path = PathOf(key);
        switch (Find(key))
        {
            case null or Node.Broken:
                return [];
            case Node.Sequence { Items.Count: var count } list when count > most:
                Problems.Add(list, path, $"The list has {count} items; at most {most} are taken.");
                return [];
            case Node.Sequence list:
                return list.Items.Select((item, i) => (item, $"{path}[{i}]")).Select(Placed);
            case { } other:
                Problems.Add(other, path, $"This must be a list, not {other.Noun}: write [ ... ], or one '- ...' a line.");
                return [];
        }
    }

    /// <summary>A list of scalars. An empty list is refused: leaving the key out says the same without doubt.</summary>
    public IReadOnlyList<T> List<T>(string key, ValueReader<T> reader, string emptyMeans)
    {
        var values = new List<T>();
        foreach (var (node, path) in Items(key, most: 1000))
        {
            if (Read(node, path, reader, out var value))
            {
                values.Add(value);
            }
        }

        if (Find(key) is Node.Sequence { Items.Count: 0 } empty)
        {
            Problems.Add(empty, PathOf(key), $"The list is empty. {emptyMeans}");
        }

        return values;
    }

    private Node? Find(string key) => Array.IndexOf(_keys, key) >= 0
        ? _values.GetValueOrDefault(key)
        : throw new ArgumentException($"'{key}' is not among the known keys of this section.", nameof(key));

    private (Node Node, string Path) Placed((Node Node, string Path) item)
    {
        Problems.Place(item.Path, item.Node.Line, item.Node.Column);
        return item;
    }

    private bool Read<T>(Node node, string path, ValueReader<T> reader, out T value)
    {
        value = default!;
        var wrong = node switch
        {
            Node.Broken => "",
            Node.Scalar { Kind: ScalarKind.Null } => "There is no value here. Write one, or remove the key and have the default.",
            Node.Scalar scalar => reader(scalar, out value),
            _ => $"This must be one value, not {node.Noun}.",
        };
        if (wrong is { Length: > 0 })
        {
            Problems.Add(node, path, wrong);
        }

        return wrong is null;
    }
}
