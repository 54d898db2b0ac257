using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace IsoCatalog.Appliance.Configuration.Yaml;

/// <summary>
/// Builds the tree of one YAML 1.2 document from the parser's events. The library's own tree stops at the first duplicate key and
/// recurses as deep as the file says; here a duplicate is one more problem in the list, and depth is bounded before it is followed.
/// Anchors, aliases and tags have no use in this file and are refused.
/// </summary>
internal sealed class NodeTree
{
    public const int MaxDepth = 16;
    public const int MaxNodes = 50_000;

    private readonly Parser _parser;
    private readonly Problems _problems;
    private int _nodes;

    private NodeTree(string text, Problems problems)
    {
        _parser = new Parser(new StringReader(text));
        _problems = problems;
    }

    /// <returns>The document's root; null if there is none or it cannot be read to its end, which is then among the problems.</returns>
    public static Node? Read(string text, Problems problems)
    {
        var tree = new NodeTree(text, problems);
        try
        {
            return tree.Document();
        }
        catch (YamlException broken)
        {
            if (TabIndent(text) is { } tab)
            {
                problems.Add(tab, 1, "", "A tab stands in the indentation of this line. YAML indents with spaces only: replace it.");
                return null;
            }

            problems.Add((int)broken.Start.Line, (int)broken.Start.Column, "", $"This is not YAML: {Quote.Sentence(Innermost(broken).Message)}"
                + " Look at the indentation, the quotes and the brackets just before this place.");
            return null;
        }
        catch (StoppedException stopped)
        {
            problems.Add(stopped.Line, stopped.Column, "", stopped.Message);
            return null;
        }
        catch (Exception bug) when (bug is ArgumentException or InvalidOperationException or FormatException or OverflowException
            or IndexOutOfRangeException or NullReferenceException)
        {
            // The library throws these for a few malformed inputs where it means a syntax error; it is behind what was read last.
            var (line, column) = tree._parser.Current is { End: var read } ? ((int)read.Line, (int)read.Column) : (0, 0);
            problems.Add(line, column, "", "This is not YAML. Look at the indentation, the quotes and the brackets from this place on.");
            return null;
        }
    }

    /// <returns>The first line that is indented with a tab, if there is one: the library reports it somewhere else.</returns>
    private static int? TabIndent(string text)
    {
        var number = 1;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            var indent = line[..^line.TrimStart(" \t").Length];
            if (indent.Contains('\t') && line.Length > indent.Length && line[indent.Length] != '#')
            {
                return number;
            }

            number++;
        }

        return null;
    }

    private static Exception Innermost(Exception exception)
    {
        while (exception.InnerException is { } inner)
        {
            exception = inner;
        }

        return exception;
    }

    private Node? Document()
    {
        Node? root = null;
        while (_parser.MoveNext())
        {
            switch (_parser.Current)
            {
                case DocumentStart start when root is not null:
                    _problems.Add((int)start.Start.Line, (int)start.Start.Column, "",
                        "A second document begins here; the file has one. Remove the '---' and what follows, or keep it in a file of"
                            + " its own.");
                    return root;
                case DocumentStart:
                    _parser.MoveNext();
                    root = Next(depth: 1, path: "");
                    break;
                default:
                    break;
            }
        }

        return root;
    }

    private Node Next(int depth, string path)
    {
        var current = _parser.Current!;
        var (line, column) = ((int)current.Start.Line, (int)current.Start.Column);
        if (++_nodes > MaxNodes)
        {
            throw new StoppedException(line, column, $"The file has more than {MaxNodes} values. A site's configuration is far smaller.");
        }

        if (depth > MaxDepth)
        {
            throw new StoppedException(line, column, $"Sections are nested more than {MaxDepth} deep here. Look for unbalanced brackets.");
        }

        if (current is AnchorAlias alias)
        {
            _problems.Add(line, column, path, $"*{Quote.Short(alias.Value.Value)} is an alias; this file has none. Write the value out.");
            return new Node.Broken(line, column);
        }

        if (current is not NodeEvent node)
        {
            throw new StoppedException(line, column, "This is not YAML: a value is missing here. Look at the brackets and the"
                + " indentation just before this place.");
        }

        Refuse(node, line, column, path);
        return current switch
        {
            MappingStart => Mapping(line, column, depth, path),
            SequenceStart => Sequence(line, column, depth, path),
            Scalar scalar => new Node.Scalar(line, column, scalar.Value, scalar.Style == ScalarStyle.Plain),
            _ => new Node.Broken(line, column),
        };
    }

    private void Refuse(NodeEvent node, int line, int column, string path)
    {
        if (!node.Anchor.IsEmpty)
        {
            _problems.Add(line, column, path, $"&{Quote.Short(node.Anchor.Value)} is an anchor; this file has none. Remove it.");
        }

        if (!node.Tag.IsEmpty)
        {
            _problems.Add(line, column, path, $"{Quote.Short(node.Tag.ToString())} is a tag; this file has none. Remove it.");
        }
    }

    private Node.Mapping Mapping(int line, int column, int depth, string path)
    {
        var entries = new List<Node.Entry>();
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        while (_parser.MoveNext() && _parser.Current is not MappingEnd)
        {
            var key = Next(depth + 1, path);
            _parser.MoveNext();
            if (key is not Node.Scalar { Text: var name })
            {
                if (key is not Node.Broken)
                {
                    _problems.Add(key, path, $"A key is a word, not {key.Noun}. Look for a missing quote or bracket.");
                }

                Next(depth + 1, path);
                continue;
            }

            // Paths are built for every value, so an endless key would cost its length many times.
            var keyPath = path.Length == 0 ? Quote.Short(name) : $"{path}.{Quote.Short(name)}";
            var value = Next(depth + 1, keyPath);
            if (!seen.TryAdd(name, key.Line))
            {
                _problems.Add(key, keyPath, $"{Quote.Of(name)} is here a second time; the first is on line {seen[name]}. Remove one.");
                continue;
            }

            entries.Add(new Node.Entry(name, key.Line, key.Column, value));
        }

        return new Node.Mapping(line, column, entries);
    }

    private Node.Sequence Sequence(int line, int column, int depth, string path)
    {
        var items = new List<Node>();
        while (_parser.MoveNext() && _parser.Current is not SequenceEnd)
        {
            items.Add(Next(depth + 1, $"{path}[{items.Count}]"));
        }

        return new Node.Sequence(line, column, items);
    }

    private sealed class StoppedException(int line, int column, string message) : Exception(message)
    {
        public int Line { get; } = line;

        public int Column { get; } = column;
    }
}
