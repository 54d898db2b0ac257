namespace IsoCatalog.Appliance.Configuration.Yaml;

/// <summary>Collects what is wrong with one file, and remembers where each path stands. Not thread-safe while reading.</summary>
internal sealed class Problems
{
    /// <summary>More than this helps nobody; the rest is counted.</summary>
    public const int MaxReported = 200;

    private readonly List<ConfigurationProblem> _errors = [];
    private readonly List<ConfigurationProblem> _warnings = [];
    private readonly Dictionary<string, (int Line, int Column)> _places = new(StringComparer.Ordinal);
    private readonly HashSet<string> _bad = new(StringComparer.Ordinal);
    private int _unreported;

    /// <summary>An empty list that knows the same places.</summary>
    public Problems SameFile()
    {
        var same = new Problems();
        foreach (var (path, place) in _places)
        {
            same._places.Add(path, place);
        }

        return same;
    }

    public bool Any => _errors.Count > 0;

    public void Place(string path, int line, int column) => _places.TryAdd(path, (line, column));

    public void Add(int line, int column, string path, string message)
    {
        _bad.Add(path);
        if (_errors.Count < MaxReported)
        {
            _errors.Add(new ConfigurationProblem(line, column, path, message));
        }
        else
        {
            _unreported++;
        }
    }

    public void Add(Node node, string path, string message) => Add(node.Line, node.Column, path, message);

    /// <summary>At the path's place in the file, or at the nearest section around it that the file has.</summary>
    public void Add(string path, string message)
    {
        var (line, column) = PlaceOf(path);
        Add(line, column, path, message);
    }

    public void Warn(string path, string message)
    {
        if (_warnings.Count < MaxReported)
        {
            var (line, column) = PlaceOf(path);
            _warnings.Add(new ConfigurationProblem(line, column, path, message));
        }
    }

    /// <summary>Was the path itself already found wrong? Then what it was replaced by says nothing.</summary>
    public bool IsBad(string path) => _bad.Contains(path);

    public bool Has(string path) => _places.ContainsKey(path);

    public IReadOnlyList<ConfigurationProblem> Errors()
    {
        var sorted = InOrder(_errors);
        if (_unreported > 0)
        {
            sorted.Add(new ConfigurationProblem(0, 0, "", $"{_unreported} more problems are not shown; correct these first."));
        }

        return sorted;
    }

    public IReadOnlyList<ConfigurationProblem> Warnings() => InOrder(_warnings);

    private static List<ConfigurationProblem> InOrder(List<ConfigurationProblem> problems) =>
        [.. problems.OrderBy(p => p.Line).ThenBy(p => p.Column).ThenBy(p => p.Path, StringComparer.Ordinal)];

    private (int Line, int Column) PlaceOf(string path)
    {
        for (var end = path.Length; end > 0; end = Math.Max(path.LastIndexOf('.', end - 1), path.LastIndexOf('[', end - 1)))
        {
            if (_places.TryGetValue(path[..end], out var place))
            {
                return place;
            }
        }

        return (0, 0);
    }
}
