Console.WriteLine("isocatalog"); return 0;
